#!/usr/bin/env node
/** Where the `martlet` command starts. */
import { runCommandLine } from './command-line.ts';

runCommandLine(process.argv.slice(2));
