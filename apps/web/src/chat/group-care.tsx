import type { CareSettings, Conversation } from '@sangam/client'
import { LoadedList } from '../design/loaded-list.tsx'
import { SelectField } from '../design/select-field.tsx'
import { dayHeading, timeOfDay } from '../shell/time-words.ts'
import { RETENTIONS, SLOW_MODES, spanWords, withCurrent } from './care-words.ts'

interface GroupCareProps {
  readonly conversation: Conversation
  readonly care: CareSettings
  readonly run: (action: Promise<unknown>) => void
}

/** Slow mode and retention, for those who look after the group; each change takes effect at once, for everybody. */
export function GroupCare({ conversation, care, run }: GroupCareProps) {
  return (
    <>
      <SelectField
        label="Slow mode"
        hint="Members wait so long between two messages."
        value={String(care.slowModeMs)}
        options={withCurrent(SLOW_MODES, care.slowModeMs)}
        testId="slow-mode"
        onChange={(value) => run(conversation.setCare({ slowModeMs: Number(value) }))}
      />
      <SelectField
        label="Messages are kept"
        hint="Older ones are deleted for everybody, with their files."
        value={String(care.retentionMs)}
        options={withCurrent(RETENTIONS, care.retentionMs)}
        testId="retention"
        onChange={(value) => run(conversation.setCare({ retentionMs: Number(value) }))}
      />
    </>
  )
}

/** The same, for those who can only know of it; nothing where nothing is set. */
export function careLine({ slowModeMs, retentionMs }: CareSettings): string | undefined {
  const words = [
    ...(slowModeMs === 0 ? [] : [`One message every ${spanWords(slowModeMs)}.`]),
    ...(retentionMs === 0 ? [] : [`Messages are deleted after ${spanWords(retentionMs)}.`]),
  ]
  return words.length === 0 ? undefined : words.join(' ')
}

interface ReportsProps {
  readonly conversation: Conversation
  readonly run: (action: Promise<unknown>) => void
  readonly onShow: (number: number) => void
}

/** What members reported, for those who look after the group. */
export function Reports({ conversation, run, onShow }: ReportsProps) {
  return (
    <LoadedList label="Reports" load={() => conversation.reports()} empty="Nothing was reported.">
      {({ number, senderName, text, reason, reportedAt }, reload) => (
        <li
          key={`${number} ${reportedAt}`}
          data-testid="report-item"
          className="border-line border-b py-2.5 last:border-0"
        >
          <p className="flex items-baseline justify-between gap-3 text-sm">
            <span className="wrap-anywhere font-medium">{reason}</span>
            <span className="tabular shrink-0 text-ink-faint text-xs">
              {dayHeading(reportedAt, Date.now())}, {timeOfDay(reportedAt)}
            </span>
          </p>
          <button
            type="button"
            onClick={() => onShow(number)}
            className="mt-1 block w-full rounded-md border-line-strong border-l-2 bg-sunken px-2 py-1 text-left text-sm"
          >
            <span className="block truncate text-ink-soft text-xs">
              <span className="sr-only">Show the message by </span>
              {senderName}
            </span>
            <span className="line-clamp-3">{text === '' ? 'Attachment' : text}</span>
          </button>
          <button
            type="button"
            data-testid="dismiss-reports"
            aria-label={`Dismiss the reports of the message by ${senderName}`}
            onClick={() => run(conversation.dismissReports(number).then(reload))}
            className="mt-1.5 rounded font-medium text-accent text-sm underline underline-offset-2"
          >
            Dismiss
          </button>
        </li>
      )}
    </LoadedList>
  )
}
