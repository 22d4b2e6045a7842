// Maps the phones of a running text to its words: both are spoken, and the two phone rows are aligned.

export interface Phone {
  name: string;
  start_s: number;
  end_s: number;
}

const GAP = 2;
const OTHER_KIND = 3;
const SAME_KIND = 1;
const VOWEL = /^[aeiou]/;

/**
 * For each word, the first and last moment of the phones that are its own. `words` holds each word's phones as it is
 * spoken alone: in running text a few of them change, hence the alignment (least edits). Null: no phone is its own.
 */
export function alignPhones(
  phones: readonly Phone[],
  words: readonly string[][],
): ([number, number] | null)[] {
  const alone = words.flatMap((names, word) => names.map((name) => ({ name, word })));
  const spans: ([number, number] | null)[] = words.map(() => null);
  for (const [at, other] of leastEdits(phones.map((phone) => phone.name), alone.map((phone) => phone.name))) {
    const phone = phones[at];
    const word = alone[other]?.word;
    if (!phone || word === undefined) continue;
    const span = spans[word];
    spans[word] = span ? [span[0], phone.end_s] : [phone.start_s, phone.end_s];
  }
  return spans;
}

/** Pairs of positions that stand for each other on a cheapest path. */
function leastEdits(a: readonly string[], b: readonly string[]): [number, number][] {
  const width = b.length + 1;
  const steps = new Uint8Array((a.length + 1) * width);
  let row = Uint32Array.from({ length: width }, (_, j) => j * GAP);
  steps.fill(2, 1, width);
  for (let i = 1; i <= a.length; i++) {
    const next = new Uint32Array(width);
    next[0] = i * GAP;
    steps[i * width] = 1;
    for (let j = 1; j < width; j++) {
      const both = (row[j - 1] ?? 0) + cost(a[i - 1] ?? "", b[j - 1] ?? "");
      const onlyA = (row[j] ?? 0) + GAP;
      const onlyB = (next[j - 1] ?? 0) + GAP;
      const best = Math.min(both, onlyA, onlyB);
      next[j] = best;
      steps[i * width + j] = best === both ? 0 : best === onlyA ? 1 : 2;
    }
    row = next;
  }
  const pairs: [number, number][] = [];
  for (let i = a.length, j = b.length; i > 0 || j > 0;) {
    const step = steps[i * width + j];
    if (step === 0) pairs.push([--i, --j]);
    else if (step === 1) i--;
    else j--;
  }
  return pairs.reverse();
}

function cost(a: string, b: string): number {
  if (a === b) return 0;
  return VOWEL.test(a) === VOWEL.test(b) ? SAME_KIND : OTHER_KIND;
}
