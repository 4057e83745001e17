// Where the page begins: the elements that Gradio's layout holds fill themselves as soon as they are there. What a
// tab needs beyond the first one is loaded when it is opened.

import * as chat from "./chat.js";
import { showStatusIn } from "./status.js";

function filled(name, fill) {
  customElements.define(
    name,
    class extends HTMLElement {
      connectedCallback() {
        fill(this);
      }
    },
  );
}

const later = (path, what) => (host) => import(path).then((module) => module[what](host));

filled("gc-chat", chat.showIn);
filled("gc-chat-tools", chat.showToolsIn);
filled("gc-status", showStatusIn);
filled("gc-pictures", later("./image.js", "showPicturesIn"));
filled("gc-templates", later("./image.js", "showTemplatesIn"));
filled("gc-image-log", later("./image.js", "showAnswersIn"));
filled("gc-recorder", later("./mic.js", "showRecorderIn"));
filled("gc-mic-options", later("./mic.js", "showOptionsIn"));
filled("gc-mic-segments", later("./mic.js", "showSegmentsIn"));
filled("gc-mic-result", later("./mic.js", "showResultIn"));
