// Types of the package whose script stands beside this.
export * from "idb";
