// The app without the network, and notifications while no page is open (docs/sdk.md, docs/push-and-webhooks.md).
//
// Cached are the files of the build and nothing else: no answer of the API, no socket, no file of a message. What people
// said rests in IndexedDB, under the name of who they are (packages/client). A new build comes with another version, and
// takes over when the last page of the old one is closed.

// The build puts its files here; without a build nothing is cached.
const SHELL = { version: 'none', files: [] }
const CACHE = `shell ${SHELL.version}`
const PAGE = '/index.html'
/** A network that does not answer for so long is as good as none. */
const PATIENCE_MS = 4000

self.addEventListener('install', (event) => {
  // The names of assets hold a hash of what they are; what the browser has of the others may be an older one.
  const requests = SHELL.files.map(
    (path) => new Request(path, { cache: path.startsWith('/assets/') ? 'default' : 'reload' }),
  )
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)))
})

self.addEventListener('activate', (event) => {
  const clean = async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name)
    await self.clients.claim()
  }
  event.waitUntil(clean())
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin || SHELL.files.length === 0) return
  if (request.mode === 'navigate' && !pathname.startsWith('/api/')) event.respondWith(page(request))
  else if (SHELL.files.includes(pathname)) event.respondWith(fromCache(pathname, request))
})

/** The page as the server has it, else as it was when this worker came. */
async function page(request) {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) })
    if (answer.status < 500) return answer
  } catch {
    // No network, or no server.
  }
  return fromCache(PAGE, request)
}

async function fromCache(path, request) {
  const cache = await caches.open(CACHE)
  return (await cache.match(path)) ?? fetch(request)
}

self.addEventListener('push', (event) => {
  const payload = event.data?.json() ?? {}
  const [title, options] =
    payload.type === 'call'
      ? [
          `${payload.from} is calling`,
          { body: payload.video ? 'Video call' : 'Voice call', tag: `call ${payload.callId}`, data: '/' },
        ]
      : [
          payload.title ?? 'New message',
          {
            body: payload.text ?? 'New message',
            tag: `conversation ${payload.conversationId}`,
            data: `/c/${encodeURIComponent(payload.conversationId ?? '')}`,
          },
        ]
  event.waitUntil(self.registration.showNotification(title, { icon: '/favicon.svg', ...options }))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const path = event.notification.data ?? '/'
  event.waitUntil(
    self.clients.matchAll({ type: 'window' }).then(async (pages) => {
      const [open] = pages
      if (open === undefined) return self.clients.openWindow(path)
      await open.focus()
      return open.navigate(path).catch(() => undefined)
    }),
  )
})
