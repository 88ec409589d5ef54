import type { TestClient } from './test-client.ts'
import type { TestServer } from './test-server.ts'

/** The room of {@link meeting}. */
export const roomId = 'standup'
/** May do all that people may who come without a role. */
export const everything = { rooms: { '*': { publish: true, chat: true } } }

/** A client of somebody who may come in. */
export const member = (server: TestServer, identity: string, grants = everything): Promise<TestClient> =>
  server.member({ identity, name: identity, ...grants })

/** A host who created the room, and somebody else in it. */
export const meeting = async (server: TestServer) => {
  const [host, guest] = [await member(server, 'host'), await member(server, 'guest')]
  const hosting = await host.ask('room.join', { roomId })
  const visiting = await guest.ask('room.join', { roomId })
  return { host, guest, hosting, visiting }
}
