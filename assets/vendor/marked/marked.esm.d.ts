// Types of the package whose script stands beside this; nothing of it is served.
export * from "marked";
