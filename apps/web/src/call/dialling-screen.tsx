import { CallFrame } from './call-screen.tsx'
import { Ringing } from './incoming-call.tsx'

/** The moment between the click and the first ring, while the browser may still ask for the devices. */
export function DiallingScreen({
  peer,
}: {
  readonly peer: { readonly identity: string; readonly name: string }
}) {
  return (
    <CallFrame label={`Call to ${peer.name}`} state="dialling">
      <div className="grid flex-1 place-items-center">
        <div className="flex flex-col items-center gap-4 text-center">
          <Ringing name={peer.name} identity={peer.identity} />
          <h1 className="font-semibold text-lg">{peer.name}</h1>
          <p role="status" className="text-ink-soft">
            Calling…
          </p>
        </div>
      </div>
    </CallFrame>
  )
}
