/** Upper bounds of what a message may hold. Every string and array in the schemas names one of these. */
export const limits = {
  /** Characters of an identity. */
  identityLength: 128,
  /** Characters of a person's, room's or conversation's display name. */
  nameLength: 64,
  /** Characters of a room's, conversation's or device's id. */
  idLength: 128,
  /** Bytes (UTF-8) of a message's text. */
  textBytes: 16 * 1024,
  /** Longest slow mode: a day. */
  slowModeMs: 86_400_000,
  /** Longest retention that can be named: ten years. */
  retentionMs: 10 * 365 * 86_400_000,
  /** People whom one person may block. */
  blocked: 1000,
  /** Reports that a moderator is given at once. */
  reports: 100,
  /** Characters of the reason of a report. */
  reasonLength: 1000,
  /** Bytes of one file, whatever the server allows. */
  fileBytes: 4 * 1024 * 1024 * 1024,
  /** Characters of a file's name. */
  fileNameLength: 255,
  /** Values of a voice note's waveform. */
  waveform: 100,
  /** Bytes of the small picture of a file. */
  thumbnailBytes: 128 * 1024,
  /** Files of one message. */
  attachments: 10,
  /** Messages in one page of history. */
  pageSize: 200,
  /** Messages given when a conversation is opened. */
  openPageSize: 50,
  /** UTF-16 code units of one emoji: the longest family of UTS #51 with room to spare. */
  emojiLength: 40,
  /** Reactions under one message, over all people and emoji. */
  reactions: 500,
  /** Messages pinned to a conversation at a time. */
  pins: 50,
  /** Earlier versions that are kept of an edited message. */
  versions: 100,
  /** People whom one message may mention. */
  mentions: 50,
  /** Characters of the beginning of a message that an answer quotes. */
  quoteLength: 200,
  /** Characters of a link, of its title and of its description. */
  urlLength: 2048,
  previewTitleLength: 200,
  previewDescriptionLength: 500,
  /** Members of a group whose members are named, and of any conversation that are told at once. */
  members: 500,
  /** Members that a list tells of each conversation. */
  listedMembers: 20,
  /** People invited at once. */
  invited: 50,
  /** Members up to which a conversation tells what was delivered to whom. */
  deliveryMembers: 50,
  /** Characters of a search. */
  queryLength: 200,
  /** Characters of a session description. */
  sdpLength: 128 * 1024,
  /** Characters of one ICE candidate line. */
  candidateLength: 2048,
  /** Characters of an application's message in a room. */
  roomPayloadLength: 16 * 1024,
  /** Characters of a token. */
  tokenLength: 16 * 1024,
  /** Codecs in capabilities or parameters. */
  codecs: 64,
  /** Header extensions in capabilities or parameters. */
  headerExtensions: 32,
  /** Encodings of one producer. */
  encodings: 8,
  /** Bytes (UTF-8) of the topic of a message that may get lost. */
  lossyTopicBytes: 64,
  /** Bytes of its payload: with all headers it fits one packet. */
  lossyPayloadBytes: 1000,
  /** Tiles of a receiver's view. */
  tiles: 256,
  /** Consumers told of in one notice. */
  consumersInBatch: 64,
  /** Parameters or feedback entries of one codec. */
  codecParameters: 32,
  /** Levels of nesting in a message. */
  depth: 12,
  /** Keys, array elements and values in a message, counted over all levels. */
  nodes: 4000,
} as const
