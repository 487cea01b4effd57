/** The process by which files are loaded; the server answers for the failures of its cases alone. */
export const loads = "data-load";
