/** What a mark on the recorded disk begins with; behind it, up to the line's end, how far the program is. */
export const markPrefix = 'berth-crash-mark ';
