// Types of the package whose script stands beside this; it sets itself up as a global.
import type { DOMPurify as Factory } from "dompurify";

declare global {
  var DOMPurify: Factory;
}
