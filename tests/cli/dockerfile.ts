// What renderer/Dockerfile says, read for those who follow it without a container engine.

const ROOT = new URL("../../", import.meta.url);

export interface Dockerfile {
  /** `FROM`. */
  base: string;
  /** Paths of the build context, and where each goes in the image. */
  copies: { from: string; to: string }[];
  /** Single commands of `RUN`, in order. */
  commands: string[];
  env: Record<string, string>;
  user: string;
  workdir: string;
  healthCheck: string[];
  entrypoint: string[];
  stopSignal: Deno.Signal;
}

/** Reads the instructions; fails on one that it does not know, so that none is passed over. */
export async function readDockerfile(): Promise<Dockerfile> {
  const file: Dockerfile = {
    base: "",
    copies: [],
    commands: [],
    env: {},
    user: "root",
    workdir: "/",
    healthCheck: [],
    entrypoint: [],
    stopSignal: "SIGTERM",
  };
  const take: Record<string, (rest: string) => void> = {
    FROM: (rest) => file.base = rest,
    RUN: (rest) => file.commands.push(...rest.split("&&").map((command) => command.trim())),
    WORKDIR: (rest) => file.workdir = rest,
    COPY: (rest) => file.copies.push(...copiesOf(rest.split(/\s+/))),
    ENV: (rest) =>
      Object.assign(file.env, Object.fromEntries(rest.split(/\s+/).map((each) => each.split("=")))),
    USER: (rest) => file.user = rest,
    VOLUME: () => {},
    EXPOSE: () => {},
    STOPSIGNAL: (rest) => file.stopSignal = rest as Deno.Signal,
    HEALTHCHECK: (rest) => file.healthCheck = execForm(rest.replace(/^.*?\bCMD\s+/s, "")),
    ENTRYPOINT: (rest) => file.entrypoint = execForm(rest),
  };
  for (const [name, rest] of await instructions()) {
    const takeIt = take[name];
    if (!takeIt) throw new Error(`renderer/Dockerfile has ${name}, which this reader does not know`);
    takeIt(rest);
  }
  return file;
}

/** What the build context holds: the paths that Dockerfile.dockerignore lets through. */
export async function contextPaths(): Promise<string[]> {
  const [first, ...lines] = (await Deno.readTextFile(new URL("renderer/Dockerfile.dockerignore", ROOT)))
    .trim().split("\n");
  if (first !== "*" || lines.some((line) => !line.startsWith("!"))) {
    throw new Error(
      "Dockerfile.dockerignore is expected to shut everything out, and to let paths in by name",
    );
  }
  return lines.map((line) => line.slice(1));
}

async function instructions(): Promise<[string, string][]> {
  const text = await Deno.readTextFile(new URL("renderer/Dockerfile", ROOT));
  return text.replace(/^\s*#.*\n/gm, "").replaceAll(/\\\n/g, " ").split("\n").filter(Boolean).map((line) => {
    const [, name = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return [name, rest.trim()];
  });
}

function copiesOf(words: string[]): Dockerfile["copies"] {
  const to = words.at(-1) ?? "";
  return words.slice(0, -1).map((from) => ({
    from,
    // A folder's contents go into the target; a file goes by its name where the target is a folder.
    to: words.length > 2 || to.endsWith("/") ? `${to.replace(/\/+$/, "")}/${from.split("/").at(-1)}` : to,
  }));
}

/** Only the exec form hands signals on; a shell would keep them. */
function execForm(text: string): string[] {
  if (!text.startsWith("[")) throw new Error(`not in exec form: ${text}`);
  return JSON.parse(text);
}
