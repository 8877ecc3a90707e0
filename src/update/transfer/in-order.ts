export interface InOrderOptions<Item> {
  /** How much may be under way at once; one item always may. */
  readonly most: number;
  /** How much an item counts. Default: 1. */
  readonly weight?: (item: Item) => number;
  readonly signal: AbortSignal;
}

/**
 * Works on several items at once and hands out the results in the order of the items. When one fails or the caller leaves, the
 * signal that `work` got is aborted. Rejects with the first failure in order.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  { most, weight = () => 1, signal }: InOrderOptions<Item>,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): AsyncGenerator<Result> {
  const end = new AbortController();
  const until = AbortSignal.any([signal, end.signal]);
  const pending: { readonly result: Promise<Result>; readonly weight: number }[] = [];
  let total = 0;
  const settle = async ({ result, weight: freed }: (typeof pending)[number]): Promise<Result> => {
    const value = await result;
    pending.shift();
    total -= freed;
    return value;
  };
  try {
    for await (const item of items) {
      const added = weight(item);
      for (let next = pending[0]; next !== undefined && total + added > most; next = pending[0])
        yield await settle(next);
      const result = work(item, until);
      // Nobody asks any more for what was begun behind a failure.
      result.catch(() => undefined);
      pending.push({ result, weight: added });
      total += added;
    }
    for (let next = pending[0]; next !== undefined; next = pending[0]) yield await settle(next);
  } finally {
    end.abort(new Error('no longer wanted'));
    await Promise.allSettled(pending.map(({ result }) => result));
  }
}
