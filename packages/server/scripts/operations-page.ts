import { type SettingDefinition, settingDefinitions, settingNames } from '../src/config/settings.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')

const defaultText = (definition: SettingDefinition): string => {
  if (definition.defaultText !== undefined) return definition.defaultText
  const value = definition.byDefault()
  if (typeof value === 'boolean') return value ? '`on`' : '`off`'
  return `\`${String(value)}\``
}

const settingsTable = (): string =>
  [
    '| Environment | In the file | Default | Should be | Meaning |',
    '|---|---|---|---|---|',
    ...settingNames.map((name) => {
      const definition = settingDefinitions[name]
      const cells = [
        `\`${definition.env}\``,
        `\`${name}\``,
        defaultText(definition),
        definition.expected,
        definition.description,
      ]
      return `| ${cells.map(cell).join(' | ')} |`
    }),
  ].join('\n')

/** The whole of docs/operations.md. */
export const operationsPage = (): string => `# Operations

This page is written by \`node packages/server/scripts/write-docs.ts\`; its table comes from \`packages/server/src/config/settings.ts\`.

## Settings

Each setting has a default; a server without any serves this machine over http, the network over https, and media over UDP.
Set them as environment variables, or in \`sangam.config.ts\`, \`.js\` or \`.json\` in the working folder (the default export is an object with
the names of the second column). The environment wins over the file; options of \`createServer()\` win over both. A wrong value or an
unknown name ends the start with one sentence that names the setting, what it got and what it should be.

${settingsTable()}

## Ports

| Port | Protocol | For |
|---|---|---|
| \`PORT\` 3000 | TCP, 127.0.0.1 | http for this machine; a reverse proxy that ends TLS may stand in front |
| \`HTTPS_PORT\` 3443 | TCP, all addresses | https for the network, with a self-signed certificate unless \`TLS_CERT\` and \`TLS_KEY\` name one |
| \`MEDIA_PORT\` 4443 and up | UDP, and TCP with \`MEDIA_TCP\`, each address of this machine | one port per media worker |

Media is for UDP; over TCP a lost packet holds up those behind it. Browsers take TCP only where UDP does not get through, and only if they
reach the media port, so some networks that let nothing but port 443 pass need \`MEDIA_PORT=443\` on an address of its own.

Behind NAT, forward the media ports, UDP and TCP, and set \`ANNOUNCED_ADDRESS\` to the address that browsers see. A proxy has to pass WebSocket upgrades of
\`/socket.io\`. All clients behind one proxy share its address in the rate limit of guest tokens.

## The data folder

| File | What | Rights |
|---|---|---|
| \`sangam.db\`, \`-wal\`, \`-shm\` | SQLite database: people, conversations, messages | folder 0700 |
| \`rooms.db\`, \`-wal\`, \`-shm\` | SQLite database: rooms, their settings, roles, bans, lobby and invites | folder 0700 |
| \`token-secret\` | signs every token; whoever has it can be anybody | 0600 |
| \`tls/key.pem\`, \`tls/cert.pem\` | self-signed certificate, remade when it expires or the machine's addresses change | 0600 |

Back the databases up with \`sqlite3 sangam.db ".backup copy.db"\` (and \`rooms.db\` alike) while the server runs, or by copying the folder while it does not.
Removing \`token-secret\` ends every token; the server makes another one at its next start. The schema migrates by itself at the start; a
database of a newer version is refused rather than touched. One server at a time owns a data folder (\`lock\`); a second one
ends its start with a sentence that says so.

## PostgreSQL instead

With \`DATABASE_URL\` people and chat are kept in PostgreSQL 12 or newer; \`DATA_DIR\` still holds the token secret and the certificate.
The database has to exist and its user has to be its owner; tables are made and migrated at the start, by one server at a time. A server
whose \`fsync\` is off is refused, and commits wait for the disk even where \`synchronous_commit\` is off by default; a stricter
\`synchronous_commit\` (\`remote_apply\`) is left as it is. Back it up with \`pg_dump\` or by archiving its WAL. What was kept in SQLite is not moved.
Several servers may store into one database: numbers stay without gaps and nothing is doubled. Live delivery is within one server
only so far: who is connected to another one sees a message when they come back or open the conversation.

## Health, metrics, log

- \`GET /healthz\`: 200 \`{"status":"ok"}\`, or 503 with \`problem\` in words, while a media worker is down.
- \`GET /metrics\`: Prometheus text. By default only for processes of this machine (\`METRICS_ACCESS\`). \`sangam_connections\`, \`sangam_calls\`,
  \`sangam_rooms\`, \`sangam_participants\`, \`sangam_transports\`, \`sangam_producers\`, \`sangam_consumers\`, \`sangam_media_workers\`,
  \`sangam_media_worker_cpu_seconds\`, \`sangam_media_worker_participants\`, \`sangam_media_pipes\`, \`sangam_streams\` (of receivers, by reason), \`sangam_media_worker_deaths_total\`, \`sangam_messages_total\`, \`sangam_message_ack_seconds\`,
  \`sangam_requests_total\` (by event and outcome), \`sangam_connections_refused_total\`, and \`sangam_process_*\`.
  Transports, producers and consumers are counted by the engine's own events: what does not return to 0 in an empty server is a leak.
- The log is one JSON object per line on standard output. \`info\` holds one line per lifecycle transition. Tokens, message texts, session
  descriptions and display names are never in it.

## Another media engine

\`createServer({ engine })\` takes any module with the mediasoup v3 API; without it the server runs on \`@sangam/sfu\`:

\`\`\`ts
const sangam = await createServer({ engine: await import('mediasoup') })
\`\`\`

\`npm install mediasoup\` in the application brings the module; its worker program comes with its install script, or from where
\`MEDIASOUP_WORKER_BIN\` says. What only \`@sangam/sfu\` has is done without: the loudest voices are then chosen by their levels in the server,
and \`/metrics\` has no counters of the packet port. \`MEDIASOUP_WORKER_BIN=… npm test -- real-engine\` runs the room's tests on it,
\`MEDIASOUP_WORKER_BIN=… npm run bench -- forward --engine mediasoup\` measures both in one run.

## When something fails

| What | What happens |
|---|---|
| A media worker dies | Its rooms stay. Everybody who had media there gets a transport on another worker and goes on as the same participant, without joining again; a new worker starts on the same port (after 0.1 s, doubling to 5 s while it fails). See [scaling.md](scaling.md). Chat and calls go on. |
| The server is killed | Every acknowledged message is on disk. Clients reconnect, ask for what they miss and send again what was not acknowledged. |
| PostgreSQL cannot be reached, or restarts | Messages and history are refused with \`unavailable\` until it is back; clients send again, and what had been committed all the same is not doubled. |
| The disk is full | Messages are refused with \`unavailable\`; nothing is acknowledged that is not stored. |
| A port is taken, the data folder is read-only, the engine is not built | The start ends with one sentence and a non-zero exit code. |
`
