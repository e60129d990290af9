/** `martlet store`: its commands, each of which loads its own module when it runs. */
import type { Command } from 'commander';
import type { ExitCode } from './exit-code.ts';
import { addOptions } from './option-table.ts';
import type {
  StoreBackupOptions,
  StoreExportOptions,
  StoreImportOptions,
  StoreReportOptions,
} from './store-options.ts';
import {
  STORE_BACKUP_OPTIONS,
  STORE_EXPORT_OPTIONS,
  STORE_IMPORT_OPTIONS,
  STORE_REPORT_OPTIONS,
} from './store-options.ts';

const EXAMPLES = `
All but import may be used while a broker runs on the store; none changes what is there.

Examples:
  martlet store check                         whether all that was kept is there; exit code 1 if not
  martlet store stats --data-dir /srv/mqtt    what is kept, and for whom it waits
  martlet store backup /backups/tuesday       a copy to start a broker on
  martlet store export | gzip > store.gz      as text, a JSON object a line
  martlet store import --input store.ndjson --data-dir new
  martlet store import --input /var/lib/mosquitto/mosquitto.db --data-dir new`;

/** @param onEnd Told how a command has ended. */
export function addStoreCommands(program: Command, onEnd: (code: ExitCode) => void): void {
  const store = program
    .command('store')
    .description('look at, check, copy and move what a broker keeps')
    .addHelpText('after', EXAMPLES);

  const check = store
    .command('check')
    .description('hold all that is kept against its checksums')
    .action(async (options: StoreReportOptions) => {
      const { checkCommand } = await import('./store-check.ts');
      onEnd(await checkCommand(options));
    });
  addOptions(check, STORE_REPORT_OPTIONS);

  const stats = store
    .command('stats')
    .description('show what is kept, for whom it waits, and the space it takes')
    .action(async (options: StoreReportOptions) => {
      const { statsCommand } = await import('./store-stats.ts');
      onEnd(await statsCommand(options));
    });
  addOptions(stats, STORE_REPORT_OPTIONS);

  const exporting = store
    .command('export')
    .description('write all that is kept as text: a JSON object a line')
    .action(async (options: StoreExportOptions) => {
      const { exportCommand } = await import('./store-export.ts');
      onEnd(await exportCommand(options));
    });
  addOptions(exporting, STORE_EXPORT_OPTIONS);

  const importing = store
    .command('import')
    .description('make a store from an export, in a directory that is empty or missing')
    .action(async (options: StoreImportOptions) => {
      const { importCommand } = await import('./store-import.ts');
      onEnd(await importCommand(options));
    });
  addOptions(importing, STORE_IMPORT_OPTIONS);

  const backup = store
    .command('backup')
    .argument('<target>', 'a directory that is empty or missing')
    .description('copy what is kept at one moment')
    .action(async (target: string, options: StoreBackupOptions) => {
      const { backupCommand } = await import('./store-backup.ts');
      onEnd(await backupCommand(target, options));
    });
  addOptions(backup, STORE_BACKUP_OPTIONS);
}
