import type * as z from 'zod'
import type { ErrorCode } from './errors.ts'

/** An event from client to server: its request, its reply and what can go wrong beyond the common errors. */
export type RequestDefinition<Request extends z.ZodType = z.ZodType, Reply extends z.ZodType = z.ZodType> = {
  /** What it does, in one or two sentences. */
  readonly description: string
  /** What the token must grant, in words. */
  readonly needs: string
  readonly request: Request
  readonly reply: Reply
  /** Error codes that it may answer with, besides the common ones. */
  readonly errors: readonly ErrorCode[]
}

/** An event from server to client. It has no acknowledgement. */
export type NoticeDefinition<Payload extends z.ZodType = z.ZodType> = {
  /** When it comes, and to whom. */
  readonly description: string
  readonly payload: Payload
}

/** Keeps the exact schema types of a request while checking its shape. */
export const request = <Request extends z.ZodType, Reply extends z.ZodType>(
  definition: RequestDefinition<Request, Reply>,
): RequestDefinition<Request, Reply> => definition

/** Keeps the exact schema type of a notice while checking its shape. */
export const notice = <Payload extends z.ZodType>(
  definition: NoticeDefinition<Payload>,
): NoticeDefinition<Payload> => definition
