import { SqliteDatabase } from '../../packages/server/src/chat/sqlite-database.ts'

// Stores messages one by one, each with a commit of its own, for a time; prints how many per second.

const [path = '', seconds = '1'] = process.argv.slice(2)
const database = new SqliteDatabase(path)
database.transaction(() =>
  database.openConversation({ conversationId: 'team', kind: 'group', title: 'Team', members: [], nowMs: 1 }),
)
const beganMs = performance.now()
let stored = 0
while (performance.now() - beganMs < Number(seconds) * 1000) {
  stored += 1
  database.transaction(() =>
    database.append({
      conversationId: 'team',
      clientMessageId: `m${stored}`,
      senderId: 'asha',
      senderName: 'Asha',
      text: 'x'.repeat(100),
      sentAtMs: stored,
    }),
  )
}
console.log((stored / (performance.now() - beganMs)) * 1000)
database.close()
