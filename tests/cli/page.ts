// A page of the documentation as its reader follows it: the fenced blocks, in order.

export interface Block {
  /** The heading that it stands under. */
  section: string;
  language: string;
  text: string;
  /** What tells it apart from the others. */
  firstLine: string;
}

/** All fenced blocks of a Markdown text. */
export function readBlocks(page: string): Block[] {
  const blocks: Block[] = [];
  let section = "";
  let open: { language: string; lines: string[] } | null = null;
  for (const line of page.split("\n")) {
    const fence = /^\s*```(\w*)\s*$/.exec(line);
    if (fence && !open) open = { language: fence[1] ?? "", lines: [] };
    else if (fence && open) {
      const text = `${open.lines.join("\n")}\n`;
      blocks.push({ section, language: open.language, text, firstLine: open.lines[0]?.trim() ?? "" });
      open = null;
    } else if (open) open.lines.push(line);
    else section = /^#+ (.*)$/.exec(line)?.[1] ?? section;
  }
  return blocks;
}
