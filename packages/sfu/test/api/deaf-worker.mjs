// A worker program that says that it runs, and then cuts its channel without ending.
process.send({ event: 'worker.running', target: '', data: { pid: process.pid } }, () => process.disconnect())
setInterval(() => {}, 60_000)
