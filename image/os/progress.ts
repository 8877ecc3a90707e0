/** Is told each step of a build, one line each. */
export type Progress = (line: string) => void;
