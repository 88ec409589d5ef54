/** Address of the service worker; its place decides what it sees: all of the app. */
export const WORKER_PATH = '/sw.js'

/** Has the app start without the network from the second visit on. Where browsers allow no worker (plain http), nothing changes. */
export function registerWorker(): void {
  if (import.meta.env.DEV || !('serviceWorker' in navigator)) return
  // A visit without it is as good, but for the network.
  navigator.serviceWorker.register(WORKER_PATH).catch(() => {})
}
