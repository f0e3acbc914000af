import { contractGroup } from './contract-group.ts';

contractGroup('async-feedback');
