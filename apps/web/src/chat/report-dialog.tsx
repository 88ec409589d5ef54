import { type FormEvent, useState } from 'react'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { TextField } from '../design/text-field.tsx'
import { useNotify } from '../design/toasts.tsx'
import { errorWords } from '../session/error-words.ts'
import { useAction } from '../session/use-action.ts'

const REASONS = ['Spam', 'Insults or threats', 'Private matters of somebody', 'Something else']
const LONGEST = 900

interface ReportDialogProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly title: string
  readonly description: string
  readonly onReport: (reason: string) => Promise<void>
}

/** Brings a message or a person before those who look after the place, with a reason. */
export function ReportDialog({ open, onOpenChange, title, description, onReport }: ReportDialogProps) {
  const notify = useNotify()
  const [reason, setReason] = useState(REASONS[0] ?? '')
  const [more, setMore] = useState('')
  const report = useAction(
    async () => {
      await onReport(more.trim() === '' ? reason : `${reason}: ${more.trim()}`)
      onOpenChange(false)
      setMore('')
      notify('Reported. Whoever looks after this place will see it.')
    },
    (error) => notify(errorWords(error)),
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    report.run()
  }
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title} description={description}>
      <form onSubmit={submit}>
        <fieldset className="mb-3">
          <legend className="mb-1 font-medium text-sm">What is wrong?</legend>
          {REASONS.map((one) => (
            <label
              key={one}
              className="flex min-h-10 items-center gap-3 rounded-lg px-1 text-sm hover:bg-sunken"
            >
              <input
                type="radio"
                name="reason"
                value={one}
                checked={reason === one}
                onChange={() => setReason(one)}
                className="size-4 accent-accent"
              />
              {one}
            </label>
          ))}
        </fieldset>
        <TextField
          label="In your own words"
          hint="If you want to say more."
          maxLength={LONGEST}
          value={more}
          data-testid="report-words"
          onChange={(event) => setMore(event.target.value)}
        />
        <div className="mt-2 flex justify-end gap-2">
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button type="submit" variant="primary" busy={report.busy} data-testid="send-report">
            Report
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
