/** Finds what a lock file must not hold: addresses of a registry, which would tie an install to one host. */
export function findLockedHosts(lockText: string): string[] {
  return lockText.split('\n').flatMap((line, index) => {
    const host = /"resolved":\s*"[a-z+]+:\/\/([^/"]+)/.exec(line)?.[1]
    return host
      ? [`package-lock.json:${index + 1}: names the host ${host}; run npm install with this project's .npmrc`]
      : []
  })
}
