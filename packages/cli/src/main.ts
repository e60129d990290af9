#!/usr/bin/env node
/** Where the `martlet` command starts. */
import { runCommandLine } from './command-line.ts';

// Awaited here, so that a command which never comes to its end does not pass for one that has.
await runCommandLine(process.argv.slice(2));
