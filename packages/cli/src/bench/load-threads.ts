/** The threads that make the load. */
import { Worker } from 'node:worker_threads';
import type { ThreadCommand, ThreadEvent, ThreadTask } from './thread-messages.ts';

export interface LoadThreads {
  /** Tells every thread. */
  tell(command: ThreadCommand): void;
  /** Ends all of them, whatever they do. */
  end(): Promise<void>;
}

/** What becomes of threads. */
export interface LoadThreadsListener {
  onEvent(thread: number, event: ThreadEvent): void;
  /** One has failed: a defect, or no memory left. */
  onFailed(error: unknown): void;
}

export type StartThreads = (tasks: readonly ThreadTask[], listener: LoadThreadsListener) => LoadThreads;

/** Threads of this process, from the file beside this one. */
export function startWorkers(tasks: readonly ThreadTask[], listener: LoadThreadsListener): LoadThreads {
  const workers = tasks.map((task) => {
    const worker = new Worker(new URL('./generator-thread.js', import.meta.url), {
      workerData: task,
      name: `martlet bench ${task.thread}`,
    });
    worker.on('message', (event: ThreadEvent) => listener.onEvent(task.thread, event));
    worker.on('error', (error) => listener.onFailed(error));
    return worker;
  });
  return {
    tell: (command) => {
      for (const worker of workers) worker.postMessage(command);
    },
    end: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
