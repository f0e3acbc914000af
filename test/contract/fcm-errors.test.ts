import { contractGroup } from './contract-group.ts';

contractGroup('fcm-errors');
