import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'

interface DeleteDialogProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly onDelete: () => void
}

/** Asks before a message goes for everybody. */
export function DeleteDialog({ open, onOpenChange, onDelete }: DeleteDialogProps) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Delete this message?"
      description="It goes for everybody, with its history and reactions."
    >
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>Keep it</Button>
        <Button
          variant="danger"
          data-testid="confirm-delete"
          onClick={() => {
            onOpenChange(false)
            onDelete()
          }}
        >
          Delete
        </Button>
      </div>
    </Dialog>
  )
}
