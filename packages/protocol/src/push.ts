import * as z from 'zod'
import { emptySchema } from './primitives.ts'
import { request } from './registry.ts'

const endpointSchema = z
  .string()
  .max(2048)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'an address')
  .describe('Address of the browser’s push service for this subscription')
const base64url = (least: number, most: number) =>
  z
    .string()
    .min(least)
    .max(most)
    .regex(/^[A-Za-z0-9_-]+$/, 'base64url')

/** What clients ask of push notifications (RFC 8030, 8291, 8292), by event name. */
export const pushRequests = {
  'push.key': request({
    description: 'The key that a browser subscribes with (`applicationServerKey`, RFC 8292).',
    needs: 'a valid token',
    request: emptySchema,
    reply: z.strictObject({ publicKey: base64url(80, 100) }),
    errors: [],
  }),
  'push.subscribe': request({
    description:
      'Has notifications of messages and calls sent to a browser while the person has no connection. The same endpoint again replaces what was there, also when it belonged to somebody else.',
    needs: 'a valid token',
    request: z.strictObject({
      endpoint: endpointSchema,
      keys: z.strictObject({ p256dh: base64url(80, 100), auth: base64url(16, 32) }),
      showText: z.boolean().default(false).describe('Whether a notification holds the words of the message'),
    }),
    reply: emptySchema,
    errors: ['tooLarge'],
  }),
  'push.unsubscribe': request({
    description: 'Ends that for one browser. One that is not known is no error.',
    needs: 'a valid token',
    request: z.strictObject({ endpoint: endpointSchema }),
    reply: emptySchema,
    errors: [],
  }),
} as const
