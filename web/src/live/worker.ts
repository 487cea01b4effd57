// The shared worker: one event stream for all windows of this browser, which would otherwise use up its six connections to the server.
import { LiveSource } from "./source";
import type { LiveEvent } from "./hints";

interface SharedWorkerScope {
  onconnect: ((event: MessageEvent) => void) | null;
}

const ports = new Set<MessagePort>();
let connected = false;

const source = new LiveSource((event: LiveEvent) => {
  if (event.kind === "open") connected = true;
  if (event.kind === "lost") connected = false;
  for (const port of ports) port.postMessage(event);
});

(globalThis as unknown as SharedWorkerScope).onconnect = (event) => {
  const port = event.ports[0];
  if (port === undefined) return;
  ports.add(port);
  port.onmessage = (message: MessageEvent<unknown>) => {
    if (message.data === "reopen") source.open();
    if (message.data === "leave") {
      ports.delete(port);
      if (ports.size === 0) source.close();
    }
  };
  if (ports.size === 1) source.open();
  else if (connected) port.postMessage({ kind: "open" } satisfies LiveEvent);
};
