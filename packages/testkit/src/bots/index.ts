/** People without browsers, for load and for counting: real signalling, real ICE, DTLS and SRTP. */
export { ArrivalFeedback } from './arrival-feedback.ts'
export {
  AUDIO_INTERVAL_MS,
  BotCamera,
  BotMicrophone,
  type CameraOptions,
  LAYER_BPS,
  VIDEO_INTERVAL_MS,
} from './bot-streams.ts'
export { GapMeter } from './gap-meter.ts'
export { MediaLoop } from './media-loop.ts'
export { NetworkRelay, type PathOptions } from './network-relay.ts'
export { type PictureSample, type ReceivedFigures, ReceivedStream } from './received-stream.ts'
export { RoomBot, type RoomBotEvents, type RoomBotOptions } from './room-bot.ts'
export { type BotIdentity, BotSignalling, guestToken } from './signalling.ts'
