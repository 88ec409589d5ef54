import type { MediaStats, Store } from '@sangam/client'
import { useStore } from '@sangam/react'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { rateWords } from './rate-words.ts'
import { Sparkline } from './sparkline.tsx'
import type { TopologyWords } from './topology-words.ts'

const HISTORY = 40

interface FlowLineProps {
  readonly icon: ReactNode
  readonly words: TopologyWords
  readonly stats: Store<MediaStats>
}

/** How media flows, in words, beside what flows now. */
export function FlowLine({ icon, words, stats }: FlowLineProps) {
  const { uploadBps, downloadBps, rttMs } = useStore(stats)
  const history = useHistory(stats)
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-4 gap-y-0.5 text-ink-soft text-xs sm:text-sm">
      <p data-testid="topology" className="flex min-w-0 items-center gap-1.5">
        {icon}
        <span className="min-w-0">
          <span className="font-medium text-ink">{words.lead}:</span> {words.rest}
        </span>
      </p>
      <p className="tabular flex items-center gap-3">
        <Rate
          label="Upload"
          icon={<ArrowUp size={14} aria-hidden />}
          testId="upload-rate"
          bitrateBps={uploadBps}
        />
        <Rate
          label="Download"
          icon={<ArrowDown size={14} aria-hidden />}
          testId="download-rate"
          bitrateBps={downloadBps}
        />
        {rttMs !== undefined && (
          <span title="Round-trip time" data-testid="rtt">
            <span className="sr-only">Round-trip time </span>
            {Math.round(rttMs)} ms
          </span>
        )}
        <Sparkline up={history.up} down={history.down} />
      </p>
    </div>
  )
}

interface RateProps {
  readonly label: string
  readonly icon: ReactNode
  readonly testId: string
  readonly bitrateBps: number
}

function Rate({ label, icon, testId, bitrateBps }: RateProps) {
  return (
    <span
      title={label}
      data-testid={testId}
      data-bps={Math.round(bitrateBps)}
      className="flex items-center gap-1"
    >
      {icon}
      <span className="sr-only">{label} </span>
      {rateWords(bitrateBps)}
    </span>
  )
}

/** The last samples of a stats store, the newest last. */
function useHistory(stats: Store<MediaStats>): {
  readonly up: readonly number[]
  readonly down: readonly number[]
} {
  const samples = useRef<readonly MediaStats[]>([])
  const [, setVersion] = useState(0)
  useEffect(() => {
    samples.current = []
    return stats.subscribe(() => {
      samples.current = [...samples.current, stats.get()].slice(-HISTORY)
      setVersion((version) => version + 1)
    })
  }, [stats])
  return {
    up: samples.current.map((sample) => sample.uploadBps),
    down: samples.current.map((sample) => sample.downloadBps),
  }
}
