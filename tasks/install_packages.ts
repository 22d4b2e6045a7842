// Debian's packages that a test lane needs: installed now, where we may.

/** Whether apt installed them: only as root, and only where there is apt. */
export async function installPackages(names: string[]): Promise<boolean> {
  const hasApt = await Deno.stat("/usr/bin/apt-get").then(({ isFile }) => isFile, () => false);
  if (Deno.uid() !== 0 || !hasApt) return false;
  for (const args of [["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", ...names]]) {
    const { success } = await new Deno.Command("apt-get", {
      args,
      env: { DEBIAN_FRONTEND: "noninteractive" },
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).output();
    if (!success) return false;
  }
  return true;
}
