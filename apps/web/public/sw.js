// Shows notifications of messages and calls while no page is open (docs/push-and-webhooks.md). It caches nothing.

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
      const [page] = pages
      if (page === undefined) return self.clients.openWindow(path)
      await page.focus()
      return page.navigate(path).catch(() => undefined)
    }),
  )
})
