/** A browser's media without a browser: give `new FakePeerPlatform()` to `connect()` as `peerPlatform`. */
export {
  FakeDataChannel,
  FakePeerConnection,
  FakePeerPlatform,
  FakeSender,
  FakeTransceiver,
  fakeTrack,
} from './peer/fake-peer-connection.ts'
