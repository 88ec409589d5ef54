/** Why capabilities and parameters do not fit. */
export type UnsupportedReason =
  | 'codec-not-supported'
  | 'codec-not-in-router'
  | 'rtx-not-in-router'
  | 'no-compatible-codec'
  | 'payload-types-exhausted'
  /** Of the engine: it has no such feature. */
  | 'feature-not-supported'

/** The parameters are well formed, and name media that cannot be handled. `code` says why. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError'
  readonly code: UnsupportedReason | undefined

  constructor(message: string, code?: UnsupportedReason) {
    super(message)
    this.code = code
  }
}

/** Every error of this package but the `TypeError` of validation, by reason. */
export const ortcErrors = {
  codecNotSupported: (mimeType: string): UnsupportedError =>
    new UnsupportedError(`the engine has no such media codec: ${mimeType}`, 'codec-not-supported'),
  codecNotInRouter: (mimeType: string, payloadType: number): UnsupportedError =>
    new UnsupportedError(
      `no codec of the router matches ${mimeType} (payload type ${payloadType})`,
      'codec-not-in-router',
    ),
  rtxNotInRouter: (payloadType: number): UnsupportedError =>
    new UnsupportedError(
      `the router has no RTX codec for its payload type ${payloadType}`,
      'rtx-not-in-router',
    ),
  noCompatibleCodec: (): UnsupportedError =>
    new UnsupportedError(
      'the capabilities have none of the codecs that are to be consumed',
      'no-compatible-codec',
    ),
  payloadTypesExhausted: (): UnsupportedError =>
    new UnsupportedError(
      'more media codecs than there are dynamic payload types (32, RTX included)',
      'payload-types-exhausted',
    ),
} as const
