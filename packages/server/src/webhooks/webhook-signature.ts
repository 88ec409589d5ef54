import { createHmac } from 'node:crypto'

/** Headers of one delivery as Standard Webhooks has them (specification 1.0.0, "Webhook headers" and "Signature scheme"). */
export const webhookHeaders = (
  secret: Uint8Array,
  { id, timestampS, body }: { readonly id: string; readonly timestampS: number; readonly body: string },
): Readonly<Record<string, string>> => {
  const signature = createHmac('sha256', secret).update(`${id}.${timestampS}.${body}`).digest('base64')
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': `v1,${signature}`,
  }
}

/** Reads a secret: `whsec_` and base64 of 24 to 64 bytes. Undefined: it is none. */
export const webhookSecretOf = (text: string): Uint8Array | undefined => {
  const bytes = Buffer.from(text.replace(/^whsec_/, ''), 'base64')
  return text.startsWith('whsec_') && bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined
}
