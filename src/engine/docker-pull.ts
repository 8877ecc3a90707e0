import type { ApiProgress } from './docker-api.ts';

interface Layer {
  readonly downloaded: number;
  readonly extracted: number;
  /** Bytes of the compressed layer; 0 until the registry told. */
  readonly size: number;
}

/** Of a layer's time, how much its download takes; the rest is unpacking. */
const downloadShare = 0.7;

const done: Readonly<Record<string, Partial<Layer>>> = {
  'Already exists': { downloaded: 1, extracted: 1 },
  'Pull complete': { downloaded: 1, extracted: 1 },
  'Download complete': { downloaded: 1 },
};

/** Folds the progress lines of a pull into one fraction, 0 to 1, that never goes back. Feed it every line. */
export function pullProgress(): (line: ApiProgress) => number {
  const layers = new Map<string, Layer>();
  let furthest = 0;
  return (line) => {
    if (line.id !== undefined && line.status !== undefined) {
      const known = layers.get(line.id);
      const next = layerAfter(known, line);
      if (next !== undefined) layers.set(line.id, next);
    }
    furthest = Math.max(furthest, fractionOf([...layers.values()]));
    return furthest;
  };
}

function layerAfter(before: Layer | undefined, line: ApiProgress): Layer | undefined {
  const { current = 0, total = 0 } = line.progressDetail ?? {};
  const layer = before ?? { downloaded: 0, extracted: 0, size: 0 };
  const share = total > 0 ? Math.min(1, current / total) : 0;
  switch (line.status) {
    case 'Pulling fs layer':
      return layer;
    case 'Downloading':
      return { ...layer, downloaded: Math.max(layer.downloaded, share), size: Math.max(layer.size, total) };
    case 'Extracting':
      return {
        ...layer,
        downloaded: 1,
        extracted: Math.max(layer.extracted, share),
        size: Math.max(layer.size, total),
      };
    default: {
      const change = done[line.status ?? ''];
      return change === undefined ? before : { ...layer, ...change };
    }
  }
}

/** Layers weigh by their size; one whose size is not known yet weighs as much as the average of the others. */
function fractionOf(layers: readonly Layer[]): number {
  if (layers.length === 0) return 0;
  const sized = layers.filter((layer) => layer.size > 0);
  const average = sized.length === 0 ? 1 : sized.reduce((sum, layer) => sum + layer.size, 0) / sized.length;
  let weight = 0;
  let reached = 0;
  for (const layer of layers) {
    const own = layer.size > 0 ? layer.size : average;
    weight += own;
    reached += own * (downloadShare * layer.downloaded + (1 - downloadShare) * layer.extracted);
  }
  return reached / weight;
}
