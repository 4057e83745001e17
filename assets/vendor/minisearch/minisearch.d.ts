// Types of the package whose script stands beside this.
export { default } from "minisearch";
