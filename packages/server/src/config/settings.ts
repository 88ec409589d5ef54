import { availableParallelism } from 'node:os'
import { iceServersSchema, limits, nameSchema } from '@sangam/protocol'
import * as z from 'zod'
import { s3PlaceOf } from '../files/s3-blobs.ts'
import { webhookSecretOf } from '../webhooks/webhook-signature.ts'

/** How the text of an environment variable becomes a value. */
export type SettingForm = 'text' | 'number' | 'boolean' | 'list' | 'json' | 'portOrOff'

/** One setting: where it comes from, what it may hold and what it is for. */
export type SettingDefinition<Schema extends z.ZodType = z.ZodType> = {
  /** Environment variable that sets it. */
  readonly env: string
  readonly form: SettingForm
  readonly schema: Schema
  /** What a value should be, in words that finish "it should be …". */
  readonly expected: string
  readonly description: string
  /** Gives the default. */
  readonly byDefault: () => z.output<Schema>
  /** The default in words, when it depends on the machine. */
  readonly defaultText?: string
  /** It may hold a password: an error does not show what it got. */
  readonly isSecret?: boolean
}

const setting = <Schema extends z.ZodType>(
  definition: SettingDefinition<Schema>,
): SettingDefinition<Schema> => definition

const port = z.number().int().min(0).max(65535)
const seconds = (least: number, most: number) => z.number().int().min(least).max(most)
const address = z.string().min(1).max(255)
const databaseUrl = z
  .string()
  .max(4096)
  .refine((text) => {
    if (text === '') return true
    const protocol = URL.canParse(text) ? new URL(text).protocol : ''
    return protocol === 'postgres:' || protocol === 'postgresql:'
  })

const isS3Place = (text: string): boolean => {
  try {
    s3PlaceOf(text)
    return true
  } catch {
    return false
  }
}

/** Every setting of the server. docs/operations.md lists it from here. */
export const settingDefinitions = {
  serverName: setting({
    env: 'SERVER_NAME',
    form: 'text',
    schema: nameSchema,
    expected: 'a name of 1 to 64 characters',
    description: 'Name that people see.',
    byDefault: () => 'Sangam',
  }),
  host: setting({
    env: 'HOST',
    form: 'text',
    schema: address,
    expected: 'an address of this machine',
    description:
      'Address that http listens on. Browsers give camera and microphone over http to this machine only; put a TLS proxy in front before you open it to a network.',
    byDefault: () => '127.0.0.1',
  }),
  port: setting({
    env: 'PORT',
    form: 'number',
    schema: port,
    expected: 'a port from 0 to 65535 (0: any free one)',
    description: 'Port of http, for this machine.',
    byDefault: () => 3000,
  }),
  httpsHost: setting({
    env: 'HTTPS_HOST',
    form: 'text',
    schema: address,
    expected: 'an address of this machine',
    description: 'Address that https listens on.',
    byDefault: () => '0.0.0.0',
  }),
  httpsPort: setting({
    env: 'HTTPS_PORT',
    form: 'portOrOff',
    schema: z.union([port, z.literal('off')]),
    expected: 'a port from 0 to 65535 (0: any free one), or off',
    description: 'Port of https, for the network. `off` serves http alone.',
    byDefault: () => 3443 as number | 'off',
  }),
  mediaPort: setting({
    env: 'MEDIA_PORT',
    form: 'number',
    schema: port,
    expected: 'a port from 0 to 65535 (0: any free ones)',
    description:
      'Port of the first media worker, for UDP and (`MEDIA_TCP`) TCP; the next ones count up from it.',
    byDefault: () => 4443,
  }),
  mediaTcp: setting({
    env: 'MEDIA_TCP',
    form: 'boolean',
    schema: z.boolean(),
    expected: 'on or off',
    description:
      'Whether media workers listen for TCP as well, for browsers in networks that let no UDP through.',
    byDefault: () => true,
  }),
  mediaWorkers: setting({
    env: 'MEDIA_WORKERS',
    form: 'number',
    schema: z.number().int().min(0).max(64),
    expected: 'a number from 0 to 64',
    description: 'Media worker processes. 0 switches rooms off.',
    byDefault: () => Math.min(availableParallelism(), 8),
    defaultText: 'one per core, at most 8',
  }),
  mediaNice: setting({
    env: 'MEDIA_NICE',
    form: 'number',
    schema: z.number().int().min(-20).max(19),
    expected: 'a number from -20 to 19',
    description:
      'Niceness of the media workers. Below 0 they go before other programs where cores are short, so that packets wait less; that takes root, CAP_SYS_NICE or `LimitNICE=` of systemd. 0 leaves it as it is.',
    byDefault: () => 0,
  }),
  announcedAddress: setting({
    env: 'ANNOUNCED_ADDRESS',
    form: 'list',
    schema: z.array(address).max(8),
    expected: 'up to 8 addresses, separated by commas',
    description:
      'Addresses or host names that browsers reach the media ports at, when they differ from those of this machine (behind NAT: the public address). Announced besides the local ones; also put into the self-signed certificate.',
    byDefault: () => [],
    defaultText: 'the addresses of this machine, loopback included',
  }),
  dataDir: setting({
    env: 'DATA_DIR',
    form: 'text',
    schema: z.string().min(1).max(4096),
    expected: 'a path',
    description: 'Folder of the database, the token secret and the certificate.',
    byDefault: () => './data',
  }),
  databaseUrl: setting({
    env: 'DATABASE_URL',
    form: 'text',
    schema: databaseUrl,
    expected: 'a URL such as postgres://user:password@host:5432/name, or empty',
    description:
      'PostgreSQL database (12 or newer) that keeps people, chat and rooms instead of the SQLite files in `DATA_DIR`. Its schema is made and migrated at the start; fsync has to be on there.',
    byDefault: () => '',
    defaultText: 'none: SQLite in `DATA_DIR`',
    isSecret: true,
  }),
  filesUrl: setting({
    env: 'FILES_URL',
    form: 'text',
    schema: z
      .string()
      .max(4096)
      .refine((text) => text === '' || isS3Place(text)),
    expected: 'a URL such as s3://KEY:SECRET@host/bucket?region=eu-central-1, or empty',
    description:
      'S3-compatible bucket that keeps the files of messages instead of a folder in `DATA_DIR`. `?tls=off` speaks http, for a store on this machine. Uploads are gathered in `DATA_DIR/uploads` until they are complete.',
    byDefault: () => '',
    defaultText: 'none: `DATA_DIR/files`',
    isSecret: true,
  }),
  fileBytes: setting({
    env: 'FILE_BYTES',
    form: 'number',
    schema: z.number().int().min(1).max(limits.fileBytes),
    expected: `bytes from 1 to ${limits.fileBytes}`,
    description: 'Largest file that people may send.',
    byDefault: () => 100 * 1024 * 1024,
  }),
  fileTypes: setting({
    env: 'FILE_TYPES',
    form: 'list',
    schema: z.array(z.string().regex(/^(\*|[a-z0-9!#$&^_.+-]+\/(\*|[a-z0-9!#$&^_.+-]+))$/)).max(200),
    expected: 'media types such as image/png, image/* or *, separated by commas',
    description: 'Media types of files that people may send, as their devices name them.',
    byDefault: () => ['*'],
  }),
  webhookUrl: setting({
    env: 'WEBHOOK_URL',
    form: 'text',
    schema: z
      .string()
      .max(2048)
      .refine((text) => text === '' || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))),
    expected: 'an http or https address, or empty',
    description:
      "Address of the application's backend that is told of every stored message and its changes (docs/push-and-webhooks.md). Set WEBHOOK_SECRET as well.",
    byDefault: () => '',
    defaultText: 'none',
    isSecret: true,
  }),
  webhookSecret: setting({
    env: 'WEBHOOK_SECRET',
    form: 'text',
    schema: z
      .string()
      .max(200)
      .refine((text) => text === '' || webhookSecretOf(text) !== undefined),
    expected: 'whsec_ and base64 of 24 to 64 random bytes, or empty',
    description: 'Key that webhooks are signed with.',
    byDefault: () => '',
    defaultText: 'none',
    isSecret: true,
  }),
  pushContact: setting({
    env: 'PUSH_CONTACT',
    form: 'text',
    schema: z
      .string()
      .regex(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/)
      .max(255),
    expected: 'a mailto: or https: address',
    description: 'Whom the push services of browsers may turn to about this server (RFC 8292).',
    byDefault: () => 'mailto:admin@localhost.invalid',
  }),
  outboundPrivate: setting({
    env: 'OUTBOUND_PRIVATE',
    form: 'boolean',
    schema: z.boolean(),
    expected: 'on or off',
    description:
      'Whether webhooks and push notifications may go to private and loopback addresses and over plain http: for a backend in the same network. Push addresses come from clients, so leave it off where strangers may enter.',
    byDefault: () => false,
  }),
  linkPreviews: setting({
    env: 'LINK_PREVIEWS',
    form: 'boolean',
    schema: z.boolean(),
    expected: 'on or off',
    description:
      'Whether the server fetches the pages of links that people are about to send, for their previews: over the public web alone, see docs/security.md. It tells those sites the address of this server.',
    byDefault: () => false,
  }),
  webDir: setting({
    env: 'WEB_DIR',
    form: 'text',
    schema: z.string().min(1).max(4096),
    expected: 'a path',
    description: 'Folder of the built web app.',
    byDefault: () => new URL('../../../../apps/web/dist', import.meta.url).pathname,
    defaultText: '`apps/web/dist` of the checkout',
  }),
  guests: setting({
    env: 'GUESTS',
    form: 'boolean',
    schema: z.boolean(),
    expected: 'on or off',
    description: 'Whether anybody who reaches the server may name themselves and come in.',
    byDefault: () => true,
  }),
  selfErasure: setting({
    env: 'SELF_ERASURE',
    form: 'boolean',
    schema: z.boolean(),
    expected: 'on or off',
    description:
      'Whether people may erase themselves, with all they wrote. `off`: only the application may (`sangam.care`).',
    byDefault: () => true,
  }),
  guestDirectory: setting({
    env: 'GUEST_DIRECTORY',
    form: 'boolean',
    schema: z.boolean(),
    expected: 'on or off',
    description:
      'Whether guests see the lists of people and rooms. `off`: they meet whom they were sent a link or an address of.',
    byDefault: () => true,
  }),
  guestTokenTtlSeconds: setting({
    env: 'GUEST_TOKEN_TTL',
    form: 'number',
    schema: seconds(10, 30 * 86400),
    expected: 'seconds from 10 to 2592000',
    description: "Life of a guest's token in seconds. It may be renewed until 24 hours after it expired.",
    byDefault: () => 86400,
  }),
  tokenTtlSeconds: setting({
    env: 'TOKEN_TTL',
    form: 'number',
    schema: seconds(1, 30 * 86400),
    expected: 'seconds from 1 to 2592000',
    description: 'Life in seconds of a token that an application issues without saying how long.',
    byDefault: () => 600,
  }),
  tlsCert: setting({
    env: 'TLS_CERT',
    form: 'text',
    schema: z.string().max(4096),
    expected: 'the path of a PEM file',
    description: 'Certificate chain of https. Set TLS_KEY as well.',
    byDefault: () => '',
    defaultText: 'a self-signed one, made once in `DATA_DIR/tls`',
  }),
  tlsKey: setting({
    env: 'TLS_KEY',
    form: 'text',
    schema: z.string().max(4096),
    expected: 'the path of a PEM file',
    description: 'Private key of https.',
    byDefault: () => '',
    defaultText: 'a self-signed one, made once in `DATA_DIR/tls`',
  }),
  allowedOrigins: setting({
    env: 'ALLOWED_ORIGINS',
    form: 'list',
    schema: z.array(z.string().regex(/^(\*|https?:\/\/[^/\s]+)$/)).max(64),
    expected: 'origins such as https://app.example, separated by commas, or *',
    description: "Origins of other sites' pages that may use the API and the socket.",
    byDefault: () => [],
    defaultText: 'none but its own',
  }),
  iceServers: setting({
    env: 'ICE_SERVERS',
    form: 'json',
    schema: iceServersSchema,
    expected: 'JSON such as [{"urls":"stun:stun.example:3478"}]',
    description:
      'STUN and TURN servers that clients use for direct calls. Without one, calls connect inside one network only.',
    byDefault: () => [],
    defaultText: 'none',
  }),
  ringSeconds: setting({
    env: 'RING_SECONDS',
    form: 'number',
    schema: seconds(1, 600),
    expected: 'seconds from 1 to 600',
    description: 'How long a call rings.',
    byDefault: () => 45,
  }),
  reconnectGraceSeconds: setting({
    env: 'RECONNECT_GRACE_SECONDS',
    form: 'number',
    schema: seconds(0, 600),
    expected: 'seconds from 0 to 600',
    description: 'How long a call or a place in a room waits for a device whose connection was lost.',
    byDefault: () => 20,
  }),
  mediaGraceSeconds: setting({
    env: 'MEDIA_GRACE_SECONDS',
    form: 'number',
    schema: seconds(0, 600),
    expected: 'seconds from 0 to 600',
    description:
      'How long a place in a room waits for a device whose connection was lost but whose media still flows: nobody hears of it meanwhile.',
    byDefault: () => 120,
  }),
  roomParticipants: setting({
    env: 'ROOM_PARTICIPANTS',
    form: 'number',
    schema: z.number().int().min(1).max(1000),
    expected: 'a number from 1 to 1000',
    description: 'Most participants in one room.',
    byDefault: () => 200,
  }),
  roomRetentionHours: setting({
    env: 'ROOM_RETENTION_HOURS',
    form: 'number',
    schema: z.number().int().min(1).max(87_600),
    expected: 'hours from 1 to 87600',
    description:
      'How long an empty room keeps its settings, roles, bans and invites. Rooms that the application made stay.',
    byDefault: () => 168,
  }),
  roomSpread: setting({
    env: 'ROOM_SPREAD',
    form: 'number',
    schema: z.number().int().min(1).max(1000),
    expected: 'a number from 1 to 1000',
    description:
      'Participants of one room on one media worker; the next ones go to another worker, and streams are piped between the two.',
    byDefault: () => 50,
  }),
  roomVoices: setting({
    env: 'ROOM_VOICES',
    form: 'number',
    schema: z.number().int().min(1).max(100),
    expected: 'a number from 1 to 100',
    description: 'How many of the loudest microphones of a room everybody hears at a time.',
    byDefault: () => 3,
  }),
  roomVideos: setting({
    env: 'ROOM_VIDEOS',
    form: 'number',
    schema: z.number().int().min(0).max(1000),
    expected: 'a number from 0 to 1000',
    description:
      'Most videos that a participant of a room receives at a time: pinned ones and screens first, then of who spoke last.',
    byDefault: () => 25,
  }),
  rateLimitFactor: setting({
    env: 'RATE_LIMIT_FACTOR',
    form: 'number',
    schema: z.number().min(0.01).max(10_000),
    expected: 'a number from 0.01 to 10000',
    description: 'Multiplies every rate limit, for bots and load tests.',
    byDefault: () => 1,
  }),
  metricsAccess: setting({
    env: 'METRICS_ACCESS',
    form: 'text',
    schema: z.enum(['local', 'all', 'off']),
    expected: 'local, all or off',
    description:
      'Who may read `/metrics`: processes of this machine that do not come through a proxy, everybody, or nobody.',
    byDefault: () => 'local' as const,
  }),
  logLevel: setting({
    env: 'LOG_LEVEL',
    form: 'text',
    schema: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']),
    expected: 'one of silent, fatal, error, warn, info, debug, trace',
    description: 'What the log holds. `info` is one line per lifecycle transition.',
    byDefault: () => 'info' as const,
  }),
} as const

/** Name of a setting in `createServer()` and in `sangam.config.*`. */
export type SettingName = keyof typeof settingDefinitions

/** All settings with their values. */
export type Settings = {
  readonly [Name in SettingName]: z.output<(typeof settingDefinitions)[Name]['schema']>
}

/** Names of all settings, in the order of the table. */
export const settingNames = Object.keys(settingDefinitions) as SettingName[]
