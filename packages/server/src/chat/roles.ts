import type { MemberRole } from '@sangam/protocol'
import { conversationKindOf } from '../access/policy.ts'
import type { ConversationRecord } from './store.ts'

/** What kind of place a conversation is, as far as rights go. */
export type Place = 'direct' | 'room' | 'open' | 'members'

/** What somebody is in a conversation. Of a room nobody is a member; who moderates the room is a moderator of its chat. */
export type Standing = MemberRole | 'outsider'

/** Something that somebody may do in a conversation, besides what their token grants. */
export type ChatAction =
  | 'read'
  | 'write'
  | 'deleteOthers'
  | 'pin'
  | 'rename'
  | 'invite'
  | 'leave'
  | 'setRole'
  | 'setPreferences'

/** Who may do what, by place: the least of the roles that may, `outsider` for whoever the token lets in, or nobody. */
const least: { readonly [Action in ChatAction]: { readonly [Where in Place]: Standing | 'nobody' } } = {
  read: { direct: 'member', room: 'outsider', open: 'outsider', members: 'member' },
  write: { direct: 'member', room: 'outsider', open: 'outsider', members: 'member' },
  deleteOthers: { direct: 'nobody', room: 'moderator', open: 'moderator', members: 'moderator' },
  pin: { direct: 'member', room: 'moderator', open: 'moderator', members: 'moderator' },
  rename: { direct: 'nobody', room: 'nobody', open: 'moderator', members: 'moderator' },
  invite: { direct: 'nobody', room: 'nobody', open: 'moderator', members: 'moderator' },
  leave: { direct: 'nobody', room: 'nobody', open: 'member', members: 'member' },
  setRole: { direct: 'nobody', room: 'nobody', open: 'owner', members: 'owner' },
  setPreferences: { direct: 'member', room: 'nobody', open: 'member', members: 'member' },
}

const rank: { readonly [Standing in MemberRole | 'outsider' | 'nobody']: number } = {
  outsider: 0,
  member: 1,
  moderator: 2,
  owner: 3,
  nobody: 4,
}

/** The rules of a conversation, in one table: pure, and the same on every server. */
export const mayInPlace = (action: ChatAction, place: Place, standing: Standing): boolean =>
  rank[standing] >= rank[least[action][place]]

/** Whether somebody may take somebody else out of a group: moderators those below them, the owner everybody. */
export const mayRemove = (place: Place, standing: Standing, target: Standing): boolean =>
  mayInPlace('invite', place, standing) && rank[standing] > rank[target] && target !== 'outsider'

/** What kind of place a conversation is. */
export const placeOf = ({ conversationId, access }: ConversationRecord): Place => {
  const kind = conversationKindOf(conversationId)
  return kind === 'group' ? access : kind
}

/** What somebody is in a conversation. */
export const standingIn = (record: ConversationRecord, identity: string): Standing =>
  record.members.find((member) => member.identity === identity)?.role ?? 'outsider'
