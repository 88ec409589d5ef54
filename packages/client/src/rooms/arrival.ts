import type { PeerReceiver } from '../peer/peer-connection.ts'

const LOOK_INTERVAL_MS = 20
/** Who pauses or is silent sends nothing: then nothing is waited for any longer. */
const LONGEST_WAIT_MS = 1_000

/**
 * A stream goes on by another receiver: calls back once something arrives there, or once nothing more comes of the track
 * that showed it, a second later at the latest. Call the result to hear no more.
 */
export function whenArriving(
  receiver: PeerReceiver,
  before: MediaStreamTrack | undefined,
  then: () => void,
): () => void {
  const startMs = performance.now()
  const isDue = (): boolean =>
    before?.readyState !== 'live' ||
    receiver.getSynchronizationSources().length > 0 ||
    performance.now() - startMs >= LONGEST_WAIT_MS
  if (isDue()) {
    then()
    return () => undefined
  }
  const timer = setInterval(() => {
    if (!isDue()) return
    clearInterval(timer)
    then()
  }, LOOK_INTERVAL_MS)
  return () => clearInterval(timer)
}
