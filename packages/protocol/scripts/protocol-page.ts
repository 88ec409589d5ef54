import * as z from 'zod'
import * as protocol from '../src/index.ts'
import { type JsonSchema, schemaText } from './schema-text.ts'

/** Schemas that get a heading of their own, so that events can point to them. */
const namedTypes: { readonly [name: string]: z.ZodType } = {
  Message: protocol.messageSchema,
  Member: protocol.memberSchema,
  Conversation: protocol.conversationSchema,
  ConversationSummary: protocol.conversationSummarySchema,
  Person: protocol.personSchema,
  Presence: protocol.presenceSchema,
  CallMedia: protocol.callMediaSchema,
  CallSignal: protocol.callSignalSchema,
  CallEndReason: protocol.callEndReasonSchema,
  RoomSummary: protocol.roomSummarySchema,
  Participant: protocol.participantSchema,
  Track: protocol.trackSchema,
  TrackSource: protocol.trackSourceSchema,
  Topology: protocol.topologySchema,
  IceServer: protocol.iceServerSchema,
  IceParameters: protocol.iceParametersSchema,
  IceCandidate: protocol.iceCandidateSchema,
  DtlsParameters: protocol.dtlsParametersSchema,
  RtpCapabilities: protocol.rtpCapabilitiesSchema,
  RtpParameters: protocol.rtpParametersSchema,
  SctpParameters: protocol.sctpParametersSchema,
  TransportParameters: protocol.transportParametersSchema,
  PublishedTrack: protocol.publishedTrackSchema,
  Consumer: protocol.consumerSchema,
  Tile: protocol.tileSchema,
  StreamReason: protocol.streamReasonSchema,
  StreamState: protocol.streamStateSchema,
}

const jsonSchemaOf = (schema: z.ZodType, io: 'input' | 'output', self?: string): JsonSchema => {
  for (const [name, named] of Object.entries(namedTypes)) {
    if (name !== self) z.globalRegistry.add(named, { ...z.globalRegistry.get(named), id: name })
  }
  try {
    return z.toJSONSchema(schema, { io }) as JsonSchema
  } finally {
    for (const named of Object.values(namedTypes)) {
      const { id: _id, ...meta } = z.globalRegistry.get(named) ?? {}
      z.globalRegistry.remove(named)
      z.globalRegistry.add(named, meta)
    }
  }
}

const errorsText = (codes: readonly string[]): string =>
  codes.length === 0
    ? 'the common ones'
    : `${codes.map((code) => `\`${code}\``).join(', ')}, and the common ones`

const requestSection = (name: protocol.ClientEventName): string => {
  const { description, needs, request, reply, errors } = protocol.clientEvents[name]
  return [
    `### \`${name}\``,
    description,
    `Needs: ${needs}. Errors: ${errorsText(errors)}.`,
    `Request:${block(schemaText(jsonSchemaOf(request, 'input')))}`,
    `Value of the acknowledgement:${block(schemaText(jsonSchemaOf(reply, 'output')))}`,
  ].join('\n\n')
}

const noticeSection = (name: protocol.ServerEventName): string => {
  const { description, payload } = protocol.serverEvents[name]
  return [
    `### \`${name}\``,
    description,
    `Payload:${block(schemaText(jsonSchemaOf(payload, 'output')))}`,
  ].join('\n\n')
}

/** A table begins on a line of its own; a short type stays on the line. */
const block = (text: string): string =>
  text.includes('\n') || text.startsWith('[') ? `\n\n${text}` : ` ${text}`

const httpSection = ([name, endpoint]: [string, protocol.HttpEndpoint]): string => {
  const errors = Object.entries(endpoint.errors).map(([code, status]) => `\`${code}\` (${status})`)
  return [
    `### \`${name}\``,
    endpoint.description,
    ...(endpoint.request === undefined
      ? []
      : [`Request:${block(schemaText(jsonSchemaOf(endpoint.request, 'input')))}`]),
    `Answer:${block(schemaText(jsonSchemaOf(endpoint.reply, 'output')))}`,
    `Errors: ${errors.length === 0 ? 'none' : errors.join(', ')}.`,
  ].join('\n\n')
}

const typeSection = ([name, schema]: [string, z.ZodType]): string =>
  [`### ${name}`, schema.description ?? '', schemaText(jsonSchemaOf(schema, 'output', name))].join('\n\n')

const errorTable = (): string =>
  [
    '| Code | Meaning |',
    '|---|---|',
    ...Object.entries(protocol.errorCodes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
  ].join('\n')

const limitTable = (): string =>
  [
    '| Limit | Value |',
    '|---|---|',
    ...Object.entries(protocol.limits).map(([name, value]) => `| \`${name}\` | ${value} |`),
  ].join('\n')

const introduction = (): string => `# The protocol

Version ${protocol.PROTOCOL_VERSION}. This page is written from the schemas in \`packages/protocol/src\` by
\`node packages/protocol/scripts/write-docs.ts\`; change those, not this page.

Chat, receipts and signalling ride [Socket.IO](https://socket.io/docs/v4/) 4 on the default namespace, path \`${protocol.SOCKET_PATH}\`.
HTTP endpoints stand under \`${protocol.HTTP_PREFIX}\`. Media rides WebRTC and is not described here; \`RtpCapabilities\`, \`RtpParameters\` and
the parameters of transports have the shapes of mediasoup v3, so that \`mediasoup-client\` takes them as they are.

- **Handshake.** The client sends the \`auth\` below. A refusal comes as \`connect_error\` whose \`err.data\` is an error as in the table:
  \`protocolTooOld\` (\`details\`: \`server\`, \`client\`, \`hint\`), \`unauthenticated\`, \`tokenExpired\` or \`invalidMessage\`.
- **Acknowledgements.** Every event from the client has one: \`{ ok: true, value }\` or \`{ ok: false, error: { code, message, details?, retryAfterMs? } }\`.
  An event that was sent without one is done all the same.
- **Strictness.** Unknown keys are refused, every text and list has a bound, and a key that reaches a prototype refuses the message.
  A refused message never ends the connection; one larger than 1 MiB does, since it is not read to its end.
- **Order.** Events of one connection begin in the order they came. Notices to one connection come in the order they arose;
  \`conversation.message\` comes in order of number.
- **Rate.** Each class of events has a token bucket per connection; beyond it comes \`rateLimited\` with \`retryAfterMs\`.
  Whoever ignores that on and on gets \`session.ended\` with \`flood\` and loses the connection.
- **Times** are milliseconds since 1970 by the server's clock. **Ids** are opaque.
- **Tokens** end: \`token.expiring\` comes first, \`token.renew\` prolongs, and otherwise \`session.ended\` (\`tokenExpired\`) closes the connection.
- **Group conversations** have any id; \`room:<roomId>\` is the chat of a room, for whoever may chat there; \`direct:…\` is given by the server.`

/** The whole of docs/protocol.md. */
export const protocolPage = (): string =>
  [
    introduction(),
    '## Handshake',
    schemaText(jsonSchemaOf(protocol.handshakeSchema, 'input')),
    '## Errors',
    `Any event may answer with: ${protocol.commonErrorCodes.map((code) => `\`${code}\``).join(', ')}.`,
    errorTable(),
    '## From client to server',
    ...(Object.keys(protocol.clientEvents) as protocol.ClientEventName[]).map(requestSection),
    '## From server to client',
    ...(Object.keys(protocol.serverEvents) as protocol.ServerEventName[]).map(noticeSection),
    '## HTTP',
    ...Object.entries(protocol.httpEndpoints).map(httpSection),
    '## Types',
    ...Object.entries(namedTypes).map(typeSection),
    '## Limits',
    limitTable(),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n')
