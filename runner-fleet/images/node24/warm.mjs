/** Importing this sets up the loader of ES modules. */
export default true;
