/** Why a policy says yes or no, each with what it means. `forbidden` errors of rooms hold one in `details.reason`. */
export const policyReasons = {
  allowed: 'Nothing speaks against it.',
  tokenLacksGrant: 'The token does not grant it.',
  banned: 'The person is banned from the room.',
  roomEnded: 'The room was ended; only its hosts and co-hosts can open it again.',
  roomLocked: 'The room is locked: nobody new may enter.',
  waitInLobby: 'The room has a lobby: somebody inside has to admit the person.',
  roomFull: 'The room holds as many people as it may.',
  lobbyFull: 'The lobby holds as many people as it may.',
  notInRoom: 'The person is not in the room.',
  roleLacksPermission: "The person's role does not have this right.",
  mutedByModerator: 'A moderator muted the person and the room lets nobody unmute themselves.',
  notInvited: 'Nobody invited the person to the stage.',
  targetNotFound: 'There is no such person in the room.',
  targetOutranks: 'The other person has the same rank or a higher one.',
  unknownRole: 'The room knows no such role.',
  inviteInvalid: 'The invite is not one of this room, or was revoked.',
  inviteExpired: 'The invite has expired.',
  grantsUnknown: 'Nobody is connected under this identity, so its grants are not known.',
} as const

/** One of {@link policyReasons}. */
export type PolicyReason = keyof typeof policyReasons

/** All policy reasons, in the order of the table. */
export const policyReasonNames = Object.keys(policyReasons) as [PolicyReason, ...PolicyReason[]]
