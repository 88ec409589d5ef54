type Immediate = (callback: () => void) => unknown

/**
 * Runs `callback` in a task of its own, after every promise that is settled now has told its followers. Not
 * `setTimeout`, which browsers slow down to once a second (or a minute) in tabs that nobody looks at.
 */
export function nextTask(callback: () => void): void {
  const { setImmediate } = globalThis as { readonly setImmediate?: Immediate }
  if (setImmediate !== undefined) {
    setImmediate(callback)
    return
  }
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    port1.close()
    callback()
  }
  port2.postMessage(undefined)
}
