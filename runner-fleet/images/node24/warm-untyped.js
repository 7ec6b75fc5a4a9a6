/** An ES module that nothing declares to be one, as the files of most capsules are. */
export default true;
