import type { PushOptions } from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import { errors } from '../errors.ts'

/** Subscribes this browser with the server's key (RFC 8292) and hands the subscription over. */
export async function subscribeToPush(
  signalling: Signalling,
  registration: ServiceWorkerRegistration,
  { showText = false }: PushOptions,
): Promise<void> {
  const { publicKey } = await signalling.request('push.key', {}, { idempotent: true })
  const subscription = await registration.pushManager
    .subscribe({ userVisibleOnly: true, applicationServerKey: publicKey })
    .catch((cause: unknown) => {
      throw errors.mediaPermissionDenied('notifications', cause)
    })
  const { endpoint, keys = {} } = subscription.toJSON()
  const { p256dh, auth } = keys
  if (endpoint === undefined || p256dh === undefined || auth === undefined) {
    throw errors.mediaUnsupported('notifications')
  }
  await signalling.request(
    'push.subscribe',
    { endpoint, keys: { p256dh, auth }, showText },
    { idempotent: true },
  )
}

/** Ends the subscription of this browser here and at the server. */
export async function unsubscribeFromPush(
  signalling: Signalling,
  registration: ServiceWorkerRegistration,
): Promise<void> {
  const subscription = await registration.pushManager.getSubscription()
  if (subscription === null) return
  const { endpoint } = subscription
  await subscription.unsubscribe()
  await signalling.request('push.unsubscribe', { endpoint }, { idempotent: true })
}
