/**
 * The candidate nearest to a misspelt word, or undefined when none is near enough to be meant.
 * Distance: optimal string alignment (insert, delete, substitute, swap neighbours); at most a third of the word's length,
 * and always at least one edit. Letter case, `-` and `_` are not counted as differences.
 * Only so many candidates are looked at as people can have meant.
 */
export function nearMiss(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = normalise(word);
  if (wanted.length > 80) return undefined;
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  let compared = 0;
  for (const candidate of candidates) {
    compared += 1;
    if (compared > maxCandidates) break;
    const offered = normalise(candidate);
    if (Math.abs(offered.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, offered);
    if (distance < bestDistance && candidate !== word) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

const maxCandidates = 500;

/** `did you mean "hostname"?`, or undefined when nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const near = nearMiss(word, candidates);
  return near === undefined ? undefined : `did you mean "${near}"?`;
}

/** More are no slips of the pen: looking for what was meant would take a text of thousands of them seconds. */
const maxHints = 50;

/** Hints for the unknown keys of one mapping, as long as there are few. */
export function keyHints(candidates: Iterable<string>): (word: string) => string | undefined {
  let known: string[] | undefined;
  let asked = 0;
  return (word) => {
    asked += 1;
    return asked > maxHints ? undefined : didYouMean(word, (known ??= [...candidates]));
  };
}

function normalise(word: string): string {
  return word.toLowerCase().replaceAll('-', '_');
}

function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
